"""What the interop tests are built from: servers, a raw client, and a model of the tree."""
