-- What the events of each source have, of all repositories. A source is a registry label and a format; events of registries
-- that send distribution's envelopes have no format (here ''). The questions that read a fact that no event of a source
-- has are left open for this source.
create or replace temp table sources as
select
    coalesce(registry, '') as registry, coalesce(source_format, '') as source_format, count(*) as events,
    count(*) filter (action = 'push') as pushes, count(*) filter (action = 'pull') as pulls,
    count(*) filter (action = 'mount') as mounts, count(*) filter (action = 'delete') as deletes,
    count(*) filter (action = 'pull' and kind in ('manifest', 'index')) as image_pulls,
    count(*) filter (action = 'push' and tag is not null and digest is not null) as digests_of_tags,
    count(*) filter (kind = 'blob') as blobs, count(*) filter (kind = 'blob' and size_bytes is not null) as blob_sizes,
    count(tag) as tags, count(digest) as digests, count(size_bytes) as sizes, count(actor) as actors,
    count(client_ip) as addresses, count(user_agent) as user_agents
from records
anti join repeats on repeats.record = records.rowid
where not is_undecodable
    and (not getvariable('some_registries') or registry in (select registry from wanted_registries))
group by coalesce(registry, ''), coalesce(source_format, '');
