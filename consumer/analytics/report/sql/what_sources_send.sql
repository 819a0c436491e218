-- What the events of each source have, in percent of its events, of all repositories: the facts that the questions read.
-- A source is a registry label and a format; events of registries that send distribution's envelopes have no format.
select
    nullif(registry, '') as registry, nullif(source_format, '') as source_format, events, pushes, pulls, mounts, deletes,
    round(100 * tags / events, 1) as tag_percent, round(100 * digests / events, 1) as digest_percent,
    round(100 * sizes / events, 1) as size_percent, round(100 * actors / events, 1) as actor_percent,
    round(100 * addresses / events, 1) as address_percent, round(100 * user_agents / events, 1) as user_agent_percent
from sources
order by registry nulls first, source_format nulls first;
