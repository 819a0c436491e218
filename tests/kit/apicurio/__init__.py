"""A real schema registry for the tests: Apicurio, which speaks Confluent's API, on the loopback.

What its Confluent API (3.0.9, v7) does otherwise than Confluent's own registry; tests/contract holds it to that:

- A schema is known by its exact text: the same schema in another format or order is a new version with a new id.
  `GET /schemas/ids/{id}` gives the text back byte for byte, with `schemaType` and `references` beside it.
- The level of all subjects is NONE. `PUT /config/{subject}` works before the subject exists, and is answered with
  `compatibilityLevel` where Confluent's says `compatibility`. Of several that set it at once, some are answered 409
  with the code 0. `GET /config/{subject}` of an unknown subject is 404 with 40401 (Confluent's: 40408); of a known one
  without a level of its own it is the level of all (Confluent's: 40408).
- An unknown level is 500 with the code 0 (Confluent's: 422 with 42203), as is a missing schema (422 with 42201). An
  empty schema is registered, as one of no kind.
- Errors outside its own code (401, 406, 415, unknown paths) have no body.
"""

from tests.kit.apicurio.archiving import make_archive
from tests.kit.apicurio.errors import ApicurioError
from tests.kit.apicurio.program import unpacked
from tests.kit.apicurio.server import Apicurio

__all__ = ["Apicurio", "ApicurioError", "make_archive", "unpacked"]
