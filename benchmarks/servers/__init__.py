"""Real servers over sockets on the loopback interface: MINGUS as production runs it, and the other frameworks."""
