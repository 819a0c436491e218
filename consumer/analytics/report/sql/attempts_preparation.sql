-- What the rule about attempts reads: the files of an export of the topic of attempts.
create or replace temp view exported_attempts as
select * from read_parquet('attempts/**/*.parquet', hive_partitioning = false);
