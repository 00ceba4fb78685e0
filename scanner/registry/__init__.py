"""Designated datasets: dossiers, conditions, organisation, history. Reads no stage."""
