#!/usr/bin/python3
"""compile-programs.py PROGRAMS VERSION_CODE ROUNDS TREE...

Compiles programs for bcc (PROGRAMS/NAME.json: `text` and `cflags`, as ../shared/tools/bcc-compile captures them) against
header trees, by turns, so that what else the machine does meets all alike. Nothing is loaded. Prints a line of JSON for each
program: its name and for each tree the CPU seconds of every round, the code of its functions as checksums, and errors.
"""
import hashlib
import json
import os
import re
import sys
import time

from bcc import BPF, lib

folder, version_code, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
trees = sys.argv[4:]
BPF._trace_autoload = lambda self: None


def compiled(program, tree, errors):
    """Compiles in this process, which ends with it. What clang says goes to a file."""
    for output in (1, 2):
        os.dup2(errors.fileno(), output)
    os.environ.update(BCC_KERNEL_SOURCE=tree, BCC_LINUX_VERSION_CODE=version_code)
    started = time.process_time()
    try:
        bpf = BPF(text=program["text"], cflags=program["cflags"])
    except Exception:  # bcc has one for all that goes wrong
        return {"seconds": None, "functions": {}}
    seconds = time.process_time() - started
    functions = {}
    for number in range(lib.bpf_num_functions(bpf.module)):
        name = lib.bpf_function_name(bpf.module, number)
        functions[name.decode()] = hashlib.md5(bpf.dump_func(name)).hexdigest()
    return {"seconds": seconds, "functions": functions}


def apart(program, tree):
    """The same in a process of its own."""
    reading, writing = os.pipe()
    with open(os.memfd_create("errors"), "w+b") as errors:
        child = os.fork()
        if child == 0:
            result = json.dumps(compiled(program, tree, errors)).encode()
            os.write(writing, len(result).to_bytes(4, "little") + result)
            os._exit(0)
        os.close(writing)
        with open(reading, "rb") as answer:
            result = answer.read()[4:]
        os.waitpid(child, 0)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    made = json.loads(result) if result else {"seconds": None, "functions": {}}
    made["errors"] = [line for line in said.splitlines() if re.search(r"error:|LLVM ERROR", line)][:5]
    return made


for file in sorted(os.listdir(folder)):
    if not file.endswith(".json"):
        continue
    with open(os.path.join(folder, file)) as text:
        program = json.load(text)
    sides = [{"seconds": [], "functions": {}, "errors": []} for _ in trees]
    for turn in range(rounds):
        for side, tree in sorted(zip(sides, trees), key=lambda each: each[1], reverse=turn % 2 == 1):
            made = apart(program, tree)
            side["functions"], side["errors"] = made["functions"], made["errors"]
            if made["seconds"] is not None:
                side["seconds"].append(made["seconds"])
    print(json.dumps({"name": file[: -len(".json")], "trees": sides}), flush=True)
