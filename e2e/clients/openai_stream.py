"""Streams a completion with OpenAI's Python package, as a server would, and prints its pieces as JSON.

    openai_stream.py BASE_URL KEY [CA HTTP_VERSION]

The last two are those of openai_python.py.
"""

import json
import sys

from openai import OpenAI

from openai_python import MESSAGES, transport


def main(base_url: str, key: str, *tls: str) -> dict:
    client = OpenAI(base_url=base_url, api_key=key, http_client=transport(*tls) if tls else None)
    completions = client.chat.completions.with_raw_response
    answer = completions.create(model="long", messages=MESSAGES, stream=True)
    return {
        "http_version": answer.http_response.http_version,
        "pieces": [choice.delta.content for chunk in answer.parse() for choice in chunk.choices],
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
