-- Rule: an image pull is a GET of a manifest or index, by tag or digest. It counts once for each client_ip, user_agent,
-- repository (of one registry), digest and minute. A HEAD is a check, not a pull. Of a source that sends no method, nor
-- clients, each event counts.
-- Rule: a child right after its index is not counted again. A client that pulls an image for several platforms gets the
-- index and, within a minute, by digest, the manifests of the platforms that it needs. If the index's children are
-- known, only these count as children; else every manifest that is pulled by digest does.
create or replace temp table pulls as
with gets as (
    select *, coalesce(client_ip, '') || ' ' || coalesce(user_agent, '') as caller
    from image_events
    where action = 'pull' and request_method = 'GET'
),
listed as (
    select distinct registry, repository, index_digest as digest, true as children_known from children
),
indexes as (
    select
        registry, repository, caller, digest, happened_at as index_at,
        coalesce(children_known, false) as children_known
    from gets
    left join listed using (registry, repository, digest)
    where kind = 'index'
),
by_digest as (
    select event, registry, repository, caller, digest, happened_at
    from gets
    where kind = 'manifest' and own_tag is null
),
-- A GET by digest, and the last GET before it of each index that lists it.
after_its_index as (
    select
        event, happened_at,
        max(index_at) over (partition by registry, repository, caller, digest order by happened_at) as index_at
    from (
        select event, registry, repository, caller, index_digest as digest, happened_at, null as index_at
        from by_digest
        join children using (registry, repository, digest)
        union all
        select null, registry, repository, caller, digest, index_at, index_at
        from indexes
        where children_known
    ) as in_order
),
-- A GET by digest, the last GET of any index before it, and the last one of an index whose children are not known.
after_an_index as (
    select
        event, happened_at,
        max(index_at) over (partition by registry, repository, caller order by happened_at) as index_at,
        max(unknown_at) over (partition by registry, repository, caller order by happened_at) as unknown_at
    from (
        select event, registry, repository, caller, happened_at, null as index_at, null as unknown_at
        from by_digest
        union all
        select null, registry, repository, caller, index_at, index_at, case when not children_known then index_at end
        from indexes
    ) as in_order
),
of_an_index as (
    select event from after_its_index where happened_at <= index_at + interval 1 minute
    union all
    select event from after_an_index where unknown_at = index_at and happened_at <= index_at + interval 1 minute
)
select
    min(happened_at) as happened_at, registry, repository, digest, client_ip, user_agent,
    arg_min(tag, happened_at) as tag, arg_min(actor, happened_at) as actor
from gets
anti join of_an_index on of_an_index.event = gets.event
group by registry, repository, digest, client_ip, user_agent, date_trunc('minute', happened_at),
    case when says_no_method then gets.event end;
