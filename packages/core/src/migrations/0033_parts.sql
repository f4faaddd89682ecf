-- Version 2 of a message's parts. Version 1 is version 2 as it is, so no row is rewritten.
alter table messages alter column parts_version set default 2;
