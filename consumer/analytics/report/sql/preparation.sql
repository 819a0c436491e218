-- What the rules read: the files of an export, the offsets, registries and repositories selected (here all of each),
-- whether signatures count as images (here not), and the tag of which to say who pulls it.
set TimeZone = 'UTC';
create or replace temp view exported as
select * from read_parquet('events/**/*.parquet', hive_partitioning = false);
create or replace temp table ranges as
select kafka_topic, kafka_partition, min(kafka_offset) as first_offset, max(kafka_offset) + 1 as end_offset
from exported
group by kafka_topic, kafka_partition;
create or replace temp table wanted_registries (registry varchar);
create or replace temp table wanted (repository varchar);
set variable some_registries = false;
set variable some_repositories = false;
set variable everything = false;
set variable tag = 'latest';
