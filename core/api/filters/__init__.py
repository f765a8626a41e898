"""Filters and search of lists.

`fields` declares what a model can be filtered by. From one declaration come the list's parameters (`filtersets`), the search
grammar (`lexer`, `grammar`, `reading`), its SQL (`compilation`) and their descriptions in the OpenAPI document (`describing`).
"""
