"""Pages of runs: the cockpit, its live panel, the list, and the question before each verb."""
