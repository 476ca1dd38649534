"""Connections that frameworks own: SQLAlchemy's and Django's, for leadflow.join.

Neither is imported here: whoever hands a connection over has imported what it needs.
"""
