"""What judges need of a Redis Cluster: its shards one by one, its nodes as voters, the shards' judgements as one."""
