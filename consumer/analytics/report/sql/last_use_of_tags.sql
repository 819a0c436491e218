-- The last use of each tag: GET or HEAD of its manifest or index. `not_used_since` is set only for a tag that was
-- pushed within the window of the data and not deleted since, because the data show every use only of such a tag. It is
-- the last use or, without one, the first push. If you read only a part of the log, uses may be missing. It is never set
-- if the data have no pull from the tag's source: many sources send none.
with tags as (
    select
        registry, repository, tag,
        min(happened_at) filter (action = 'push') as first_push, max(happened_at) filter (action = 'push') as last_push,
        max(happened_at) filter (action = 'pull' and request_method in ('GET', 'HEAD')) as last_use,
        count(*) filter (action = 'pull' and request_method = 'GET') as gets,
        count(*) filter (action = 'pull' and request_method = 'HEAD') as checks,
        bool_and(shows_pulls) filter (action = 'push') as shows_pulls
    from image_events
    where tag is not null
    group by registry, repository, tag
),
deletes as (
    select coalesce(registry, '') as registry, repository, tag, max(happened_at) as deleted
    from events
    where action = 'delete' and tag is not null
    group by coalesce(registry, ''), repository, tag
)
select
    nullif(registry, '') as registry, repository, tag, first_push, last_push, last_use, gets, checks,
    case when deleted >= coalesce(last_push, deleted) then deleted end as deleted,
    case
        when shows_pulls and (deleted is null or deleted < last_push) then coalesce(last_use, first_push)
    end as not_used_since
from tags
left join deletes using (registry, repository, tag)
order by not_used_since nulls last, last_use, registry, repository, tag;
