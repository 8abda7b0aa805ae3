print("zkdump")
