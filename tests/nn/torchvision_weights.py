"""torchvision's side of tests/nn/torchvision_test.cpp.

  torchvision_weights.py FOLDER NAME:HEIGHTxWIDTH…

For each network random weights as FOLDER/NAME.safetensors (kernels as F16, the rest as F32, so both sides read the
same numbers) and FOLDER/NAME.answers.safetensors with one picture `input` and what torchvision makes of it, `logits`."""
import json
import math
import pathlib
import struct
import sys

import torch
import torchvision


def write_safetensors(path, tensors):
    types = {torch.float16: "F16", torch.float32: "F32", torch.int64: "I64"}
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().tobytes())


def draw(network):
    """Nothing stays what a new network has, so that no tensor can be forgotten; values stay of the order of one."""
    for name, tensor in network.state_dict().items():
        if tensor.dim() > 1:
            fan_in = tensor.numel() / tensor.shape[0]
            tensor.normal_(0, math.sqrt(2 / fan_in))
            tensor.copy_(tensor.half())
        elif name.endswith("running_var") or name.endswith("weight"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point():
            tensor.uniform_(-0.5, 0.5)


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(1)
    for asked in sys.argv[2:]:
        name, size = asked.split(":")
        height, width = map(int, size.split("x"))
        extra = {"init_weights": False} if name.startswith(("vgg", "inception")) else {}
        network = getattr(torchvision.models, name)(weights=None, **extra).eval()
        with torch.no_grad():
            draw(network)
            picture = torch.rand(1, 3, height, width) * 2 - 1
            logits = network(picture)
        weights = {key: value.half() if value.dim() > 1 else value for key, value in network.state_dict().items()}
        write_safetensors(folder / f"{name}.safetensors", weights)
        write_safetensors(folder / f"{name}.answers.safetensors", {"input": picture, "logits": logits})
        print(name, sum(p.numel() for key, p in network.named_parameters() if not key.startswith("AuxLogits.")))


if __name__ == "__main__":
    main()
