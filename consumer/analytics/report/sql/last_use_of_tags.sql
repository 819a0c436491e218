-- The last use of each tag: any pull or check of its manifest or index, by the tag, by another tag that has the same digest
-- then, or by the digest. `gets` and `checks` are those that count for the tag itself. A tag that is pushed or pulled again after its delete
-- begins anew: of it, only what came after counts. `not_used_since` is set only for a tag that was pushed within the
-- window of the data and is not deleted, because the data show every use only of such a tag. It is the last use or,
-- without one, the first push. If you read only a part of the log, uses may be missing. It is never set if the data have
-- no pull from the tag's source: many sources send none.
with ended as (
    select
        registry, repository, tag, ended_at as deleted, ended_offset,
        row_number() over (partition by registry, repository, tag order by ended_at desc, ended_offset desc) as place
    from endings
),
ends as (
    select
        ended.registry, ended.repository, ended.tag, deleted, ended_offset,
        bool_or(happened_at > deleted or (happened_at = deleted and kafka_offset > ended_offset)) as is_back
    from ended
    join image_events as shown
        on shown.registry = ended.registry and shown.repository = ended.repository and shown.own_tag = ended.tag
    where place = 1
    group by ended.registry, ended.repository, ended.tag, deleted, ended_offset
),
uses as (
    select registry, repository, tag, happened_at, kafka_offset
    from image_events
    where action = 'pull' and tag is not null
    union all
    select had.registry, had.repository, had.tag, happened_at, kafka_offset
    from digests_of_tags as had
    join image_events
        on image_events.registry = had.registry and image_events.repository = had.repository
        and image_events.digest = had.digest
    where action = 'pull'
        and (happened_at > since or (happened_at = since and kafka_offset > since_offset))
        and (until is null or happened_at < until or (happened_at = until and kafka_offset < until_offset))
),
last_uses as (
    select registry, repository, tag, max(happened_at) as last_use
    from uses
    left join ends using (registry, repository, tag)
    where deleted is null
        or is_back = (happened_at > deleted or (happened_at = deleted and kafka_offset > ended_offset))
    group by registry, repository, tag
),
tags as (
    select
        registry, repository, tag, max(case when is_back then null else deleted end) as deleted,
        min(happened_at) filter (action = 'push') as first_push, max(happened_at) filter (action = 'push') as last_push,
        count(*) filter (action = 'pull' and request_method = 'GET') as gets,
        count(*) filter (action = 'pull' and request_method = 'HEAD') as checks,
        bool_and(shows_pulls) filter (action = 'push') as shows_pulls
    from image_events
    left join ends using (registry, repository, tag)
    where tag is not null
        and (
            deleted is null or not is_back
            or happened_at > deleted or (happened_at = deleted and kafka_offset > ended_offset)
        )
    group by registry, repository, tag
)
select
    nullif(registry, '') as registry, repository, tag, first_push, last_push, last_use, gets, checks, deleted,
    case
        when shows_pulls and deleted is null then coalesce(greatest(first_push, last_use), first_push)
    end as not_used_since
from tags
left join last_uses using (registry, repository, tag)
order by not_used_since nulls last, last_use, registry, repository, tag;
