"""How the shipped layers are made: merged real data and two synthetic worlds."""
