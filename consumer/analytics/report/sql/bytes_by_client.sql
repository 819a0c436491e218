-- Bytes of blobs pushed and served, by client address, counted as in bytes_by_repository. A pushed blob counts for the
-- client that pushed it first in a registry.
with pushed as (
    select arg_min(client_ip, happened_at) as client_ip, arg_min(size_bytes, happened_at) as size_bytes
    from events
    where kind = 'blob' and action = 'push'
    group by registry, digest
),
moved as (
    select client_ip, size_bytes, 'push' as what from pushed
    union all
    select client_ip, size_bytes, 'pull'
    from events
    where kind = 'blob' and action = 'pull' and request_method = 'GET'
)
select
    client_ip,
    coalesce(sum(size_bytes) filter (what = 'push'), 0) as bytes_pushed,
    count(*) filter (what = 'push') as blobs_pushed,
    coalesce(sum(size_bytes) filter (what = 'pull'), 0) as bytes_served,
    count(*) filter (what = 'pull') as blobs_served
from moved
group by client_ip
order by bytes_served desc, bytes_pushed desc, client_ip;
