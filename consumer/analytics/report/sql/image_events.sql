-- Events of images: pulls and pushes of manifests and indexes, each with a tag.
-- Rule: an event by digest gets the tag of the last tagged event before it with the same digest in the same repository.
-- If there is none before it, it gets the tag of the last such event of all. `own_tag` is the tag in the event itself.
-- Rule: the tags under which cosign and similar tools store signatures, attestations and referrers (sha256-HEX.sig,
-- sha256-HEX) are not images, unless `everything` is set.
-- `shows_pulls`: whether the data have pulls of images from its source; if not, nothing is known of the use of images.
create or replace temp table images as
select
    event, happened_at, kafka_offset, action, request_method, says_no_method, kind, coalesce(registry, '') as registry,
    coalesce(source_format, '') as source_format, coalesce(repository, '') as repository, tag as own_tag,
    coalesce(digest, '') as digest, actor, client_ip, user_agent
from events
where kind in ('manifest', 'index') and action in ('pull', 'push');

create or replace temp table names as
select registry, repository, digest, arg_max(own_tag, happened_at) as last_tag, min(own_tag) <> max(own_tag) as several
from images
where own_tag is not null and digest <> ''
group by registry, repository, digest;

create or replace temp table image_events as
with by_digest as (
    select event, registry, repository, digest, happened_at, last_tag, several
    from images
    join names using (registry, repository, digest)
    where own_tag is null
),
-- Only for a digest with several tags the time decides.
tagged as (
    select registry, repository, digest, happened_at as tagged_at, max(own_tag) as tag
    from images
    join names using (registry, repository, digest)
    where several and own_tag is not null
    group by registry, repository, digest, happened_at
),
in_order as (
    select event, registry, repository, digest, happened_at, null as tagged_at, last_tag
    from by_digest
    where several
    union all
    select null, registry, repository, digest, tagged_at, tagged_at, null
    from tagged
),
searched as (
    select
        event, registry, repository, digest, last_tag,
        max(tagged_at) over (partition by registry, repository, digest order by happened_at) as tagged_at
    from in_order
),
found as (
    select event, last_tag as tag_by_digest from by_digest where not several
    union all
    select event, coalesce(tag, last_tag)
    from searched
    left join tagged using (registry, repository, digest, tagged_at)
    where event is not null
),
named as (
    select images.*, coalesce(own_tag, tag_by_digest) as tag
    from images
    left join found on found.event = images.event
),
used as (
    select registry, source_format, true as shows_pulls from sources where image_pulls > 0
)
select named.*, coalesce(shows_pulls, false) as shows_pulls
from named
left join used on used.registry = named.registry and used.source_format = named.source_format
where getvariable('everything')
    or tag is null
    or not regexp_matches(tag, '^sha256-([0-9a-f]+[.].*|[0-9a-f]{64})$');

drop table images;
