-- Each event once: only events that can be decoded, and only of the selected registries (`registries`;
-- none: all) and repositories (table `wanted`, if `some_repositories` is set).
create or replace temp view events as
select rowid as event, *
from records
where not is_undecodable
    and rowid not in (select record from repeats)
    and (len(getvariable('registries')) = 0 or list_contains(getvariable('registries'), registry))
    and (not getvariable('some_repositories') or repository in (select repository from wanted));
