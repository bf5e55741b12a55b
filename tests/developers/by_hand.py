"""A small OpenAPI document written by hand, with each thing in it that a real one may hold."""

TOKEN = {
    "id": 42,
    "name": "Zapier: badge issuing",
    "token_prefix": "pat_aB3xYz9W…",
    "scopes": ["account:read"],
    "created_at": "2026-11-22T10:00:00Z",
    "expires_at": None,
    "last_used_at": None,
    "stops_at": None,
    "revoked_at": None,
}
REFERENCE = {"name": "reference", "in": "path", "required": True, "schema": {"type": "string"}, "example": "self"}
REFERENCE["description"] = "The id of the token, or `self` for the one that calls."

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Portal API", "version": "1"},
    "servers": [{"url": "http://localhost:8000"}],
    "security": [{"bearer": []}],
    "tags": [
        {"name": "You", "description": "Who a call acts as."},
        {"name": "Personal access tokens", "description": "A person's tokens, managed by one of them."},
        {"name": "For services"},
    ],
    "paths": {
        "/api/v1/me": {
            "get": {
                "operationId": "getMe",
                "tags": ["You"],
                "summary": "Say who the token acts as",
                "description": "From the one read that let it in.",
                "x-scope": None,
                "x-role": None,
                "x-token-kinds": ["personal", "account", "service"],
                "responses": {
                    "200": {
                        "description": "Who the call acts as.",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Me"},
                                "example": {"user": {"id": 7, "name": "Alice"}, "role": "owner"},
                            }
                        },
                    },
                    "401": {"$ref": "#/components/responses/Unauthorized"},
                },
            }
        },
        "/api/v1/tokens": {
            "get": {
                "operationId": "listTokens",
                "tags": ["Personal access tokens"],
                "summary": "List your tokens",
                "description": "Newest first.",
                "x-scope": "tokens:read",
                "x-role": None,
                "x-token-kinds": ["personal"],
                "parameters": [
                    {
                        "name": "status",
                        "in": "query",
                        "description": "Which ones.",
                        "schema": {"type": "string", "enum": ["active", "all"], "default": "active"},
                    },
                    {
                        "name": "limit",
                        "in": "query",
                        "description": "How many at most.",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50, "examples": [20]},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "One page of tokens.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["items", "next_cursor"],
                                    "properties": {
                                        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Token"}},
                                        "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                                    },
                                },
                                "examples": {"usual": {"value": {"items": [TOKEN], "next_cursor": None}}},
                            }
                        },
                    },
                    "401": {"$ref": "#/components/responses/Unauthorized"},
                    "422": {"description": "A wrong value.", "x-codes": ["validation_failed"]},
                },
            },
            "post": {
                "operationId": "createToken",
                "tags": ["Personal access tokens"],
                "summary": "Make a token",
                "description": "The answer is the only one that holds its secret.",
                "x-scope": "tokens:write",
                "x-role": None,
                "x-token-kinds": ["personal"],
                "parameters": [
                    {
                        "name": "Idempotency-Key",
                        "in": "header",
                        "description": "Makes the call happen once.",
                        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
                        "example": "8f14e45f",
                    }
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/TokenWanted"},
                            "example": {
                                "name": "Alice's badges",
                                "expires_at": None,
                                "scopes": ["account:read"],
                            },
                        }
                    },
                },
                "responses": {
                    "201": {
                        "description": "The token, with its secret.",
                        "headers": {"Location": {"description": "Where it can be read.", "schema": {"type": "string"}}},
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Token"},
                                "example": {**TOKEN, "token": "pat_…"},
                            }
                        },
                    },
                    "401": {"$ref": "#/components/responses/Unauthorized"},
                    "409": {"description": "The state forbids it.", "x-codes": ["name_taken", "already_done"]},
                    "429": {"description": "Too many calls.", "x-codes": ["rate_limited"]},
                },
            },
        },
        "/api/v1/tokens/{reference}": {
            "parameters": [REFERENCE],
            "delete": {
                "operationId": "revokeToken",
                "tags": ["Personal access tokens"],
                "summary": "Revoke a token",
                "description": "It is dead from the next call on.",
                "x-scope": "tokens:write",
                "x-role": None,
                "x-token-kinds": ["personal"],
                "responses": {
                    "204": {"description": "Done."},
                    "404": {"description": "Not there.", "x-codes": ["not_found"]},
                },
            },
        },
        "/introspect": {
            "post": {
                "operationId": "introspect",
                "tags": ["For services"],
                "summary": "Ask what a token is worth",
                "x-scope": None,
                "x-role": None,
                "x-token-kinds": ["service"],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "required": ["token"],
                                "properties": {"token": {"type": "string", "description": "The token to ask about."}},
                            },
                            "example": {"token": "YOUR_TOKEN"},
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "What it is worth.",
                        "content": {"application/json": {"schema": {"type": "object"}, "example": {"active": False}}},
                    }
                },
            }
        },
        "/api/v1/openapi.json": {
            "get": {
                "operationId": "getOpenapi",
                "tags": ["This document"],
                "summary": "Read this document",
                "security": [],
                "responses": {"200": {"description": "It.", "content": {"application/json": {"schema": {}}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "Me": {
                "type": "object",
                "required": ["user", "role"],
                "properties": {
                    "user": {"anyOf": [{"$ref": "#/components/schemas/User"}, {"type": "null"}], "description": "Who."},
                    "role": {"type": "string", "enum": ["owner", "account"]},
                },
            },
            "User": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "integer", "description": "Never used again."}},
            },
            "Token": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "scopes": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
                    "created_at": {"type": "string", "format": "date-time"},
                },
            },
            "TokenWanted": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 100, "description": "What it is called."},
                    "expires_at": {"type": ["string", "null"], "format": "date-time"},
                },
            },
        },
        "responses": {"Unauthorized": {"description": "No good token.", "x-codes": ["token_missing", "token_revoked"]}},
    },
}
