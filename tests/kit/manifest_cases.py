"""Payloads of manifests, good and odd, for which a table says what registry 3.x makes of them.

`python -m tests.kit.manifest_cases` writes them, one JSON object a line, for the program that makes the table
(tests/fixtures/manifests/README.md).
"""

import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
TYPES = {"image": OCI_MANIFEST, "index": OCI_INDEX, "docker": DOCKER_MANIFEST, "list": DOCKER_LIST}
PARTS = {"image": "layers", "index": "manifests", "docker": "layers", "list": "manifests"}

VALUES = (
    *("null", "true", "0", "-1", "2", "1.0", "1e3", "-0", "9223372036854775807", "9223372036854775808", "1e999"),
    *('""', '"x"', '"eA=="', "[]", "[null]", '["x"]', "[1]", "[[]]", "[300]"),
    *("{}", '{"a":"b"}', '{"a":1}', '{"a":null}', '{"size":1}', '{"os":1}'),
)
MANIFEST_MEMBERS = (
    *("schemaVersion", "config", "layers", "manifests", "annotations", "subject", "artifactType", "unknown"),
)
DESCRIPTOR_MEMBERS = ("mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType", "x")
PLATFORM_MEMBERS = ("architecture", "os", "os.version", "os.features", "variant", "features")

BASE64 = (
    *("", "eA==", "eA=", "eA", "e", "eHg=", "eHh4", "eB==", "e\\nA==", "eA=\\r\\n=", "\\neA==\\n", " eA==", "eA== "),
    *("eA==eA==", "e=A=", "====", "=", "eHh4=", "eHh4==", "-_==", "\\u0065A==", "eA==\\t", "eHh4\\n", "\\n"),
)
TEXTS = {
    "empty": b"",
    "blank": b" \t\r\n",
    "null": b"null",
    "null and space": b" \n null\t\r",
    "true": b"true",
    "number": b"2",
    "string": b'"{}"',
    "list": b"[]",
    "list of an object": b"[{}]",
    "nothing in it": b"{}",
    "trailing object": b"{} {}",
    "trailing comma": b'{"config":{},}',
    "trailing comma in list": b'{"urls":[1,]}',
    "trailing brace": b"{}}",
    "trailing NUL": b"{}\x00",
    "trailing space": b"{} \t\r\n",
    "vertical tab": b"\x0b{}",
    "no-break space": b"\xc2\xa0{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": "{}".encode("utf-16"),
    "unclosed": b"{",
    "unclosed string": b'{"config',
    "single quotes": b"{'config':{}}",
    "comment": b"{/**/}",
    "bare key": b"{config:{}}",
    "NaN": b'{"x":NaN}',
    "Infinity": b'{"x":-Infinity}',
    "leading zero": b'{"x":01}',
    "plus": b'{"x":+1}',
    "point first": b'{"x":.1}',
    "point last": b'{"x":1.}',
    "exponent": b'{"x":1E+2}',
    "exponent without digits": b'{"x":1e}',
    "minus alone": b'{"x":-}',
    "long number": b'{"x":' + b"9" * 5000 + b"}",
    "long fraction": b'{"x":0.' + b"9" * 5000 + b"}",
    "long size": b'{"config":{"size":' + b"9" * 5000 + b"}}",
    "raw control character": b'{"x":"\x01"}',
    "raw line break": b'{"x":"a\nb"}',
    "raw delete character": b'{"config":{"digest":"\x7f"}}',
    "bad escape": b'{"x":"\\x"}',
    "short escape": b'{"x":"\\u12"}',
    "escapes": b'{"config":{"digest":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041"}}',
    "NUL escaped": b'{"config":{"digest":"\\u0000"}}',
    "surrogate pair": b'{"config":{"digest":"\\ud83d\\ude00"}}',
    "high surrogate": b'{"config":{"digest":"a\\ud800b"}}',
    "low surrogate": b'{"config":{"digest":"\\udc00"}}',
    "two high surrogates and a low one": b'{"config":{"digest":"\\ud800\\ud83d\\ude00"}}',
    "surrogates the wrong way round": b'{"config":{"digest":"\\ude00\\ud83d"}}',
    "high surrogate and a letter": b'{"config":{"digest":"\\ud800\\u0041"}}',
    "surrogate in a key": b'{"config":{"annotations":{"\\ud800":"\\ud800"}}}',
    "not utf-8": b'{"config":{"digest":"\xff"}}',
    "cut utf-8": b'{"config":{"digest":"\xe2\x82"}}',
    "cut utf-8 of four": b'{"config":{"digest":"\xf0\x9f\x98!"}}',
    "overlong utf-8": b'{"config":{"digest":"\xc0\xaf"}}',
    "surrogate in utf-8": b'{"config":{"digest":"\xed\xa0\x80"}}',
    "beyond unicode": b'{"config":{"digest":"\xf4\x90\x80\x80"}}',
    "not utf-8 in a key": b'{"config":{"annotations":{"\xff":"x"}}}',
    "not utf-8 outside": b"{}\xff",
    "upper case": b'{"CONFIG":{"SIZE":3,"MediaType":"x"}}',
    "any case, twice": b'{"config":{"size":1},"Config":{"SIZE":2}}',
    "long s and Kelvin": '{"conf\u0131g":1,"layer\u017f":[{"\u017fize":3}]}'.encode(),
    "Kelvin": '{"config":{"mediaType":"x","d\u0130gest":"y"},"\u212a":1}'.encode(),
    "case of os.version": b'{"config":{"platform":{"OS.Version":"1"}}}',
    "case of a map's keys": b'{"config":{"annotations":{"a":"1","A":"2"}}}',
    "upper case of the wrong type": b'{"SCHEMAVERSION":"2"}',
    "member twice": b'{"config":{"size":1,"digest":"a"},"config":{"size":2,"urls":["u"]}}',
    "member twice, null last": b'{"config":{"size":1},"config":null}',
    "member twice, wrong first": b'{"config":{"size":"1","size":1}}',
    "text twice, null last": b'{"config":{"digest":"a","digest":null}}',
    "map twice": b'{"config":{"annotations":{"a":"1","b":"2"},"annotations":{"b":"3","c":null}}}',
    "map twice, null between": b'{"config":{"annotations":{"a":"1"},"annotations":null,"annotations":{"b":"2"}}}',
    "key of a map twice": b'{"config":{"annotations":{"a":"1","a":null}}}',
    "platform twice": b'{"config":{"platform":{"os":"a"},"platform":{"architecture":"b"}}}',
    "platform, then null": b'{"config":{"platform":{"os":"a"},"platform":null}}',
    "platform empty": b'{"config":{"platform":{}}}',
    "list twice": b'{"layers":[{"size":1,"digest":"a"},{"size":2}],"layers":[{"size":3},null,{"digest":"c"}]}',
    "list twice, shorter": b'{"layers":[{"size":1},{"size":2}],"layers":[{"digest":"c"}]}',
    "list thrice": b'{"layers":[{"size":1},{"size":2}],"layers":[null],"layers":[null,null,null]}',
    "list, then none, then null": b'{"layers":[{"size":1}],"layers":[],"layers":[null]}',
    "list, then null, then null": b'{"layers":[{"size":1}],"layers":null,"layers":[null]}',
    "texts twice": b'{"config":{"urls":["a","b"],"urls":[null,"c",null]}}',
    "data as numbers": b'{"config":{"data":[104,105]}}',
    "data as numbers with null": b'{"config":{"data":[104,null,105]}}',
    "data as numbers too large": b'{"config":{"data":[256]}}',
    "data as numbers negative": b'{"config":{"data":[-1]}}',
    "data as numbers with true": b'{"config":{"data":[true]}}',
    "data as fractions": b'{"config":{"data":[1.0]}}',
    "data twice": b'{"config":{"data":"aGk=","data":[null,33]}}',
    "data twice, text last": b'{"config":{"data":[1,2,3],"data":"aGk="}}',
    "foreign member, then null": b'{"manifests":[],"manifests":null}',
    "foreign member too large, then null": b'{"manifests":[1e999],"manifests":null}',
    "foreign member long, then null": b'{"manifests":{"a":' + b"9" * 400 + b'},"manifests":null}',
    "foreign member small, then null": b'{"manifests":[1e-999],"manifests":null}',
    "null, then foreign member": b'{"manifests":null,"Manifests":[]}',
    "of both kinds": b'{"config":{},"layers":[],"manifests":[]}',
    "of both kinds, null": b'{"config":null,"layers":null,"manifests":null}',
    "negative size": b'{"config":{"size":-7}}',
    "html": b'{"config":{"digest":"<&>\\u2028"}}',
    "depth 10000": b'{"x":' + b"[" * 9999 + b"]" * 9999 + b"}",
    "depth 10001": b'{"x":' + b"[" * 10000 + b"]" * 10000 + b"}",
    "depth 10000 of objects": b'{"x":' * 9999 + b"{}" + b"}" * 9999,
    "depth 10001 of objects": b'{"x":' * 10000 + b"{}" + b"}" * 10000,
    "deep and broken": b'{"x":' + b"[" * 2000 + b"1 2" + b"]" * 2000 + b"}",
    "deep and of two kinds": b'{"x":' + b"[" * 2000 + b"}" * 2000 + b"}",
    "deep and unclosed": b'{"x":' + b"[" * 2000 + b"]" * 1999 + b"}",
    "deep and a comma too many": b'{"x":' + b"[" * 900 + b"1," + b"]" * 900 + b"}",
    "deep, and read on behind it": b'{"x":' + b"[" * 3000 + b'"]"' + b"]" * 3000 + b',"config":{"size":5}}',
    "deep in a list": b'{"layers":' + b"[" * 3000 + b"]" * 3000 + b"}",
}
MEDIA_TYPES = (
    *("", " ", ";", "/", "application", "application/", "/json", "application/json", "text/plain; charset=utf-8"),
    *(
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ),
    *(
        OCI_INDEX + rest
        for rest in ("", ";", " ;", "; ", ";;", "; ;", "; bad", "; bad; a=b", "; a=b; bad", ";a", ";a=")
    ),
    *(OCI_INDEX + rest for rest in (";=b", "; a=b", ";a=b;", "; a = b", ";a=b;a=b", ";a=b;a=c", ";A=b;a=c", ";a=b c")),
    *(
        OCI_INDEX + rest
        for rest in (';a="b"', ';a="b c"', ';a="b\\"c"', ';a="b\\c"', ';a="b', ';a=""', ';a="b"c', ";a=b,c")
    ),
    *(
        OCI_INDEX + rest
        for rest in (";a*0=b;a*1=c", ";a*=utf-8''b", ";a*=b;a*=c", ";a*0=b;a*0=c", ";q=\u00e9", ";\u00e9=q")
    ),
    *(
        OCI_INDEX + rest
        for rest in ("\t; a=b", "\u00a0", "\u2003;\u2003a=b", " x", ", text/plain", "/x", ' ;a="\u00e9"')
    ),
    *(OCI_INDEX + rest for rest in (';a="b\nc"', ";\x1ca=b", "\x1c", ";a=b\v")),
    *("\t" + OCI_INDEX, OCI_INDEX.upper(), OCI_MANIFEST.replace("s", "\u017f"), OCI_INDEX.replace("i", "\u0130")),
    *(OCI_INDEX.replace("/", " / "), "application//x", "*/*", "application/*"),
)


@dataclass(frozen=True, slots=True)
class ManifestCase:
    """A payload, and the Content-Type it comes with."""

    name: str
    media_type: str
    payload: bytes


def _of(kind: str, members: str) -> bytes:
    return f'{{"schemaVersion":2,"mediaType":"{TYPES[kind]}"{members}}}'.encode()


def _members() -> Iterator[ManifestCase]:
    for kind, media_type in TYPES.items():
        for value in VALUES:
            yield ManifestCase(f"{kind} mediaType {value}", media_type, f'{{"mediaType":{value}}}'.encode())
            for name in MANIFEST_MEMBERS:
                yield ManifestCase(f"{kind} {name} {value}", media_type, _of(kind, f',"{name}":{value}'))


def _descriptors() -> Iterator[ManifestCase]:
    for kind, media_type in TYPES.items():
        for value in VALUES:
            for name in DESCRIPTOR_MEMBERS:
                members = f',"{PARTS[kind]}":[{{"size":1,"{name}":{value}}}]'
                yield ManifestCase(f"{kind} {PARTS[kind]} {name} {value}", media_type, _of(kind, members))
            for name in PLATFORM_MEMBERS:
                members = f',"{PARTS[kind]}":[{{"platform":{{"{name}":{value}}}}}]'
                yield ManifestCase(f"{kind} platform {name} {value}", media_type, _of(kind, members))
    for encoded in BASE64:
        payload = f'{{"config":{{"data":"{encoded}"}}}}'.encode()
        yield ManifestCase(f"base64 {encoded!r}", OCI_MANIFEST, payload)


def cases() -> Iterator[ManifestCase]:
    """All of them, each with a name of its own."""
    yield from _members()
    yield from _descriptors()
    for name, payload in TEXTS.items():
        yield ManifestCase(f"text: {name}", OCI_MANIFEST, payload)
    for name in ("null", "of both kinds", "of both kinds, null", "nothing in it"):
        for kind in ("index", "docker", "list"):
            members = TEXTS[name].decode().strip("{}")
            payload = TEXTS[name] if name == "null" else _of(kind, f",{members}" if members else "")
            yield ManifestCase(f"{kind}: {name}", TYPES[kind], payload)
    for came_with in TYPES.values():
        for says in (*TYPES.values(), "", OCI_INDEX.upper(), "text/plain"):
            payload = json.dumps({"schemaVersion": 2, "mediaType": says}).encode()
            yield ManifestCase(f"{came_with} says {says!r}", came_with, payload)
    for media_type in MEDIA_TYPES:
        yield ManifestCase(f"content type {media_type!r}", media_type, b"{}")


if __name__ == "__main__":
    for case in cases():
        line = {"name": case.name, "media_type": case.media_type, "payload": b64encode(case.payload).decode()}
        sys.stdout.write(json.dumps(line) + "\n")
