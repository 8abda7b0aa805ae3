"""What the interop tests are built from: servers, a raw protocol client, and a model of the tree."""
