"""Writes a llama model with random weights, for llama.cpp's server to run in tests.

    tiny_llama.py OUT {tiny|large}

The text that it generates means nothing, but everything around it is real: templates, sampling, streams, usage.
`tiny` (under a megabyte) answers thousands of tokens a second; `large` (136 MB) is slow enough to be cancelled.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

SEED = 20
WORDS = """
a about after again all along also always an and any are around as ask at away back be because before below
between big book both but by call can city close come could country day did different do does door down each
earth end enough even every eye face family far father few find first follow food for from garden get give go
good great green grow had hand hard has have head hear help her here high him his home house how idea if
important in into is it its keep kind know land large last late learn leave left letter life light like line
list little live long look made make man many may me mean might mile more most mother mountain move much must
my name near need never new next night no not now number of off often old on once one only open or other our
out over own page paper part people picture place plant play point put question quick quiet rain read right
river run said same say school sea second see seem sentence set she should show side small so some song soon
sound spell stand start state still stop story study such sun take talk tell than that the their them then
there these they thing think this those thought three through time to together too town tree try turn two
under until up us use very walk want was watch water way we well went were what when where which while white
who why will with without word work world would write year you young your 日本語 déjà 🙂 . , ! ?
""".split()


@dataclass(frozen=True)
class Shape:
    """Sizes of one model."""

    embedding: int
    feed_forward: int
    layers: int
    context: int
    heads: int = 4


SHAPES = {
    "tiny": Shape(embedding=64, feed_forward=128, layers=2, context=4096),
    "large": Shape(embedding=512, feed_forward=2048, layers=8, context=8192),
}


def vocabulary():
    """Every token as (text, score, type): three markers, the 256 bytes, then whole words."""
    kind = gguf.TokenType
    yield "<unk>", 0.0, kind.UNKNOWN
    yield "<s>", 0.0, kind.CONTROL
    yield "</s>", 0.0, kind.CONTROL
    for byte in range(256):
        yield f"<0x{byte:02X}>", 0.0, kind.BYTE
    for rank, word in enumerate(dict.fromkeys(WORDS), start=1):
        text = word if word in ".,!?" else "\u2581" + word
        yield text, -float(rank), kind.NORMAL


def describe(writer: gguf.GGUFWriter, shape: Shape, tokens: list) -> None:
    """Writes the metadata that llama.cpp needs to load the model."""
    writer.add_name("drawbridge-random")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.embedding)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.embedding // shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    texts, scores, kinds = zip(*tokens)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text.encode() for text in texts])
    writer.add_token_scores(list(scores))
    writer.add_token_types(list(kinds))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_chat_template(
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
    )


def fill(writer: gguf.GGUFWriter, shape: Shape, vocabulary_size: int) -> None:
    """Writes random weights, scaled so that whole words win over single bytes."""
    random = np.random.default_rng(SEED)

    def add(name: str, weights: np.ndarray) -> None:
        writer.add_tensor(name, np.ascontiguousarray(weights, dtype=np.float32))

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.standard_normal((rows, columns), dtype=np.float32) / np.float32(columns**0.5)

    width, inner = shape.embedding, shape.feed_forward
    add("token_embd.weight", random.standard_normal((vocabulary_size, width)))
    add("output_norm.weight", np.ones(width))
    output = matrix(vocabulary_size, width) * 12
    output[:259] = 0  # markers and bytes: text stays readable, and nothing ends early by chance
    add("output.weight", output)
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        for name in ("attn_norm", "ffn_norm"):
            add(f"{block}.{name}.weight", np.ones(width))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"{block}.{name}.weight", matrix(width, width))
        for name in ("ffn_gate", "ffn_up"):
            add(f"{block}.{name}.weight", matrix(inner, width))
        add(f"{block}.ffn_down.weight", matrix(width, inner))


def write(out: Path, shape: Shape) -> None:
    """Writes one model to `out`, which appears only when it is complete."""
    tokens = list(vocabulary())
    partial = out.with_name(f"{out.name}.{np.random.default_rng().integers(1 << 62):x}.partial")
    writer = gguf.GGUFWriter(str(partial), "llama")
    describe(writer, shape, tokens)
    fill(writer, shape, len(tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.rename(out)


if __name__ == "__main__":
    write(Path(sys.argv[1]), SHAPES[sys.argv[2]])
