print("zkbench")
