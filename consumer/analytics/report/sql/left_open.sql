-- The questions that a source leaves open, all or in part, because none of its events has what the question reads. It says
-- what is missing in the data, not why: a source may send no such event at all, or there was none.
with reads as (
    select question, fact
    from (values
        ('who_pulls_tag', 'pulls'), ('who_pulls_tag', 'tags'), ('who_pulls_tag', 'addresses'),
        ('activity_by_day', 'pulls'), ('activity_by_day', 'deletes'), ('activity_by_hour', 'pulls'),
        ('most_pulled_repositories', 'pulls'), ('most_pulled_tags', 'pulls'), ('most_pulled_tags', 'tags'),
        ('last_use_of_tags', 'pulls'), ('last_use_of_tags', 'tags'),
        ('last_use_of_digests', 'pulls'), ('last_use_of_digests', 'digests'),
        ('bytes_by_repository', 'sizes of blobs'), ('bytes_by_client', 'sizes of blobs'), ('bytes_by_client', 'addresses'),
        ('tag_churn', 'tags'), ('tag_churn', 'digests of pushed tags'), ('pushes_against_pulls', 'pulls'),
        ('mounts_against_pushes', 'blobs'), ('actors', 'actors'), ('clients', 'user agents'),
        ('deletes', 'deletes'), ('deletes', 'actors')
    ) as questions (question, fact)
),
absent as (
    select
        registry, source_format, unnest([
            case when image_pulls = 0 then 'pulls' end, case when deletes = 0 then 'deletes' end,
            case when tags = 0 then 'tags' end, case when digests = 0 then 'digests' end,
            case when digests_of_tags = 0 then 'digests of pushed tags' end, case when blobs = 0 then 'blobs' end,
            case when blob_sizes = 0 then 'sizes of blobs' end, case when actors = 0 then 'actors' end,
            case when addresses = 0 then 'addresses' end, case when user_agents = 0 then 'user agents' end
        ]) as fact
    from sources
)
select
    nullif(registry, '') as registry, nullif(source_format, '') as source_format, question,
    string_agg(fact, ', ' order by fact) as missing
from reads
join absent using (fact)
where question <> 'who_pulls_tag' or getvariable('tag') is not null
group by registry, source_format, question
order by registry nulls first, source_format nulls first, question;
