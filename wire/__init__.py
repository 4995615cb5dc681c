"""What hullscan's processes must agree on: messages, topics, buses, commands, clock, record."""
