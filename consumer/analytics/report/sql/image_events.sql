-- Events of images: pulls and pushes of manifests and indexes, each with a tag.
-- Rule: an event by digest gets the tag of the last tagged event before it with the same digest in the same repository.
-- If there is none before it, it gets the tag of the last such event of all. `own_tag` is the tag in the event itself.
-- Rule: the tags under which cosign and similar tools store signatures, attestations and referrers (sha256-HEX.sig,
-- sha256-HEX) are not images, unless `everything` is set.
-- `shows_pulls`: whether the data have pulls of images from its source; if not, nothing is known of the use of images.
create or replace temp table images as
select
    happened_at, action, request_method, says_no_method, kind, coalesce(registry, '') as registry,
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
    select images.rowid as image, registry, repository, digest, happened_at, last_tag, several
    from images
    join names using (registry, repository, digest)
    where own_tag is null
),
-- Only for a digest with several tags the time decides.
tagged as (
    select registry, repository, digest, happened_at, max(own_tag) as tag
    from images
    semi join (from names where several) as changing using (registry, repository, digest)
    where own_tag is not null
    group by registry, repository, digest, happened_at
),
found as (
    select image, last_tag as tag from by_digest where not several
    union all
    select image, coalesce(tag, last_tag)
    from (from by_digest where several) as searched
    asof left join tagged
        on tagged.registry = searched.registry and tagged.repository = searched.repository
        and tagged.digest = searched.digest and searched.happened_at >= tagged.happened_at
),
named as (
    select images.*, coalesce(own_tag, tag) as tag
    from images
    left join found on found.image = images.rowid
)
select
    *,
    (registry, source_format) in (select (registry, source_format) from sources where image_pulls > 0) as shows_pulls
from named
where getvariable('everything')
    or tag is null
    or not regexp_full_match(tag, 'sha256-([0-9a-f]+\..*|[0-9a-f]{64})');

drop table images;
