"""The media type of a Content-Type, read as Go's `mime.ParseMediaType` does. Pure."""

from typing import Final

__all__ = ["parse_media_type"]

_SPACE: Final = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""White space as Go's `unicode.IsSpace` has it."""
_LOWER: Final = str.maketrans({"\u0130": "i"})
"""The one letter whose lower case is two characters to Python and one to Go."""
_SPECIALS: Final = '()<>@,;:\\"/[]?='


def parse_media_type(content_type: str) -> str:
    """The media type alone, in lower case.

    Raises:
        ValueError: the text is no media type, or one of its parameters is malformed.
    """
    base, semicolon, rest = content_type.partition(";")
    media_type = base.translate(_LOWER).lower().strip(_SPACE)
    _check_type(media_type)
    rest, parameters = semicolon + rest, dict[str, str]()
    while rest := rest.lstrip(_SPACE):
        name, value, behind = _parameter(rest)
        if not name:
            if rest.strip(_SPACE) == ";":
                break
            raise ValueError("a parameter is malformed")
        if parameters.setdefault(name, value) != value:
            raise ValueError(f"the parameter {name} is given twice")
        rest = behind
    return media_type


def _check_type(media_type: str) -> None:
    kind, rest = _token(media_type)
    if not kind:
        raise ValueError("the media type is missing")
    if rest:
        subtype, behind = _token(rest[1:])
        if not rest.startswith("/") or not subtype or behind:
            raise ValueError("it is not a media type")


def _token(text: str) -> tuple[str, str]:
    end = next((at for at, character in enumerate(text) if not _is_token(character)), len(text))
    return text[:end], text[end:]


def _is_token(character: str) -> bool:
    return "!" <= character <= "~" and character not in _SPECIALS


def _parameter(text: str) -> tuple[str, str, str]:
    """(name, value, rest) of `; name=value`; all empty where it is malformed."""
    name, rest = _token(text.removeprefix(";").lstrip(_SPACE)) if text.startswith(";") else ("", "")
    rest = rest.lstrip(_SPACE)
    if not name or not rest.startswith("="):
        return "", "", ""
    rest = rest[1:].lstrip(_SPACE)
    value, behind = _quoted(rest) if rest.startswith('"') else _token(rest)
    return ("", "", "") if not value and behind == rest else (name.lower(), value, behind)


def _quoted(text: str) -> tuple[str, str]:
    """(value, rest) of a quoted string; ("", text) if it is none. Go lets other backslashes stand, for old browsers."""
    value, at = "", 1
    while at < len(text):
        character = text[at]
        if character == '"':
            return value, text[at + 1 :]
        if character in "\r\n":
            break
        if character == "\\" and at + 1 < len(text) and text[at + 1] in _SPECIALS:
            at += 1
        value, at = value + text[at], at + 1
    return "", text
