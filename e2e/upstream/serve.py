"""Runs llama.cpp's own server on a free loopback port, until its standard input ends.

    serve.py MODEL_FILE MODEL_NAME

Prints `listening on http://127.0.0.1:PORT` when it answers. One slot, so that `/slots` shows at once whether
anything is still being generated. Ending with its standard input, it never outlives the test that started it.
"""

import sys

import xllamacpp


def parameters(model_file: str, model_name: str) -> xllamacpp.CommonParams:
    """What `llama-server` would take from its command line."""
    params = xllamacpp.CommonParams()
    params.model.path = model_file
    params.model_alias = [model_name]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 8192
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.endpoint_metrics = True
    params.endpoint_slots = True
    params.use_jinja = True
    return params


if __name__ == "__main__":
    server = xllamacpp.Server(parameters(*sys.argv[1:3]))
    print(f"listening on {server.listening_address}", flush=True)
    sys.stdin.read()
