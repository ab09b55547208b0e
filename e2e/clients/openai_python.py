"""Calls the gateway with OpenAI's Python package, as a server would, and prints what it got as JSON.

    openai_python.py BASE_URL KEY MODEL [CA HTTP_VERSION]

CA is a PEM file with the authority of the gateway's certificate, HTTP_VERSION what is offered to it: 1 or 2.
"""

import json
import ssl
import sys

from openai import AuthenticationError, DefaultHttpxClient, NotFoundError, OpenAI

MESSAGES = [{"role": "user", "content": "tell me something new"}]
TOKENS = 16


def refusal(attempt) -> dict:
    """What the package raised, as an application can tell."""
    try:
        attempt()
    except (AuthenticationError, NotFoundError) as error:
        return {"kind": type(error).__name__, "status": error.status_code, "code": error.code}
    return {}


def transport(ca: str, version: str) -> DefaultHttpxClient:
    """How to speak HTTPS to a gateway whose authority the system does not know."""
    return DefaultHttpxClient(verify=ssl.create_default_context(cafile=ca), http2=version == "2")


def main(base_url: str, key: str, model: str, *tls: str) -> dict:
    http_client = transport(*tls) if tls else None
    client = OpenAI(base_url=base_url, api_key=key, http_client=http_client)
    ask = {"messages": MESSAGES, "max_tokens": TOKENS}
    answer = client.chat.completions.create(model=model, **ask)
    chunks = list(client.chat.completions.create(model=model, stream=True, **ask))
    stranger = OpenAI(base_url=base_url, api_key="sk-unknown", http_client=http_client)
    spoken = client.models.with_raw_response.list().http_response.http_version
    return {
        "http_version": spoken,
        "models": [listed.id for listed in client.models.list()],
        "tokens": answer.usage.completion_tokens,
        "request_id": answer._request_id,
        "pieces": [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content],
        "unknown_key": refusal(lambda: stranger.chat.completions.create(model=model, **ask)),
        "unknown_model": refusal(lambda: client.chat.completions.create(model="no-such-model", **ask)),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
