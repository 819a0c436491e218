-- Rule: an image pull is a GET of a manifest or index, by tag or digest. It counts once for each client_ip, user_agent,
-- repository (of one registry), digest and minute. A HEAD is a check, not a pull. Of a source that sends no method, nor
-- clients, each event counts.
-- Rule: a child right after its index is not counted again. A client that pulls an image for several platforms gets the
-- index and, within a minute, by digest, the manifests of the platforms that it needs. If the index's children are
-- known, only these count as children; else every manifest that is pulled by digest does.
create or replace temp table pulls as
with gets as (
    select *, rowid as number, coalesce(client_ip, '') || ' ' || coalesce(user_agent, '') as caller
    from image_events
    where action = 'pull' and request_method = 'GET'
),
indexes as (
    select
        registry, repository, caller, digest, happened_at,
        (registry, repository, digest) in (select (registry, repository, index_digest) from children) as children_known
    from gets
    where kind = 'index'
),
by_digest as (
    select registry, repository, caller, digest, happened_at, number
    from gets
    where kind = 'manifest' and own_tag is null
),
after_its_index as (
    select by_digest.number
    from by_digest
    join children using (registry, repository, digest)
    asof join indexes
        on indexes.registry = by_digest.registry and indexes.repository = by_digest.repository
        and indexes.caller = by_digest.caller and indexes.digest = children.index_digest
        and by_digest.happened_at >= indexes.happened_at
    where by_digest.happened_at <= indexes.happened_at + interval 1 minute
),
after_an_index as (
    select by_digest.number
    from by_digest
    asof join indexes
        on indexes.registry = by_digest.registry and indexes.repository = by_digest.repository
        and indexes.caller = by_digest.caller and by_digest.happened_at >= indexes.happened_at
    where not indexes.children_known and by_digest.happened_at <= indexes.happened_at + interval 1 minute
)
select
    min(happened_at) as happened_at, registry, repository, digest, client_ip, user_agent,
    arg_min(tag, happened_at) as tag, arg_min(actor, happened_at) as actor
from gets
where number not in (select number from after_its_index) and number not in (select number from after_an_index)
group by registry, repository, digest, client_ip, user_agent, date_trunc('minute', happened_at),
    case when says_no_method then number end;
