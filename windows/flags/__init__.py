"""The maintenance flag: which mode every node of a service is in, versioned, leased, acknowledged by receipts.

Words: a flag's *key* says where it counts ("*": everywhere); a *place* asks and is told a *value*; the *global version* numbers every
change of the store; a *receipt* is a node's word that it applied a version, proven by the version's *echo*; an *epoch* names the store.
Rooms: routing.py decides which flag wins, commands/ write, server/ answers the nodes, client.py is the node's side.
Surprising decision: the flag server reads PostgreSQL itself and answers from memory, without Django."""
