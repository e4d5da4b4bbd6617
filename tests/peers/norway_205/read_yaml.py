"""The part of YAML that fri-nettleie uses, read without a library: block maps and lists by indentation, `[a, b]` on one line, quoted and
plain scalars, comments. Figures stay text, so that not a digit is lost; whatever else a file holds stops the reader."""


def strip_comment(line):
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and (at == 0 or line[at - 1] in " [,"):
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] == " "):
            return line[:at].rstrip()
    return line.rstrip()


def scalar(text):
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        assert text[0] not in text[1:-1] and "\\" not in text, text
        return text[1:-1]
    if text.startswith("["):
        assert text.endswith("]"), text
        return [scalar(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    assert text[0] not in "{&*!|>%@`'\"", text
    return None if text in ("null", "~", "") else text


def split_key(text):
    """`key: value` -> (key, value); None if the text is no entry of a map."""
    key, colon, value = text.partition(":")
    if not colon or (value and value[0] != " ") or key[:1] in "'\"[":
        return None
    return key, value.strip()


def read_yaml(path):
    with open(path, encoding="utf-8") as file:
        lines = [strip_comment(line) for line in file]
    rows = [[len(line) - len(line.lstrip()), line.strip()] for line in lines if line.strip() and line.strip() != "---"]
    value, end = read_block(rows, 0, rows[0][0])
    assert end == len(rows), f"{path}: cannot read `{rows[end][1]}`"
    return value


def read_block(rows, at, indent):
    if rows[at][1].startswith("- ") or rows[at][1] == "-":
        return read_list(rows, at, indent)
    return read_map(rows, at, indent)


def read_list(rows, at, indent):
    items = []
    while at < len(rows) and rows[at][0] == indent and rows[at][1].startswith("-"):
        rest = rows[at][1][1:]
        inner = indent + 1 + len(rest) - len(rest.lstrip())
        rows[at] = [inner, rest.strip()]
        if split_key(rest.strip()):
            value, at = read_map(rows, at, inner)
        else:
            value, at = scalar(rest.strip()), at + 1
        items.append(value)
    return items, at


def read_map(rows, at, indent):
    result = {}
    while at < len(rows) and rows[at][0] == indent and split_key(rows[at][1]):
        key, text = split_key(rows[at][1])
        assert key not in result, f"`{key}` twice"
        at += 1
        if text:
            result[key] = scalar(text)
        elif at < len(rows) and (rows[at][0] > indent or (rows[at][0] == indent and rows[at][1].startswith("- "))):
            result[key], at = read_block(rows, at, rows[at][0])
        else:
            result[key] = None
    return result, at
