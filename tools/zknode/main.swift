print("zknode")
