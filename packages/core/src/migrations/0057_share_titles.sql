-- The title that a link to a branch as it was shows: a later one may be private.
alter table shares add column title text;
