-- Deletes and who made them. A registry does not send the kind (manifest or blob) and the tag of a deleted digest: both
-- are looked up in the other events of the digest.
with deletes as (
    select * from events where action = 'delete'
),
known as (
    select registry, repository, digest, max(kind) as kind
    from events
    where kind in ('manifest', 'index', 'blob') and digest in (select digest from deletes where digest is not null)
    group by registry, repository, digest
)
select
    deletes.happened_at, deletes.actor, deletes.client_ip, deletes.user_agent, deletes.registry, deletes.repository,
    case when deletes.kind = 'unknown' then coalesce(known.kind, 'unknown') else deletes.kind end as kind,
    coalesce(deletes.tag, names.last_tag) as tag, deletes.digest
from deletes
left join known
    on known.registry is not distinct from deletes.registry and known.repository = deletes.repository
    and known.digest = deletes.digest
left join names
    on names.registry = coalesce(deletes.registry, '') and names.repository = deletes.repository
    and names.digest = deletes.digest
order by happened_at desc, registry, repository, tag, digest;
