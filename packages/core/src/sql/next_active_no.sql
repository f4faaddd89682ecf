-- The place of a conversation in which something was said just now among all of its owner's, archived and deleted ones
-- too. The one that has the first place keeps it, so that updating its row touches no index, unless that is a place of
-- imported_no. The caller has set the owner. Without sorting, as in list_conversations.
create function next_active_no(owner uuid, active_no bigint) returns bigint
language plpgsql security definer set search_path from current set enable_sort = off as $$
#variable_conflict use_variable
declare
  first_no bigint := greatest(
    (
      select k.active_no from conversations k where k.owner_id = owner and k.deleted_at is null and k.archived = false
      order by k.active_no desc limit 1
    ), (
      select k.active_no from conversations k where k.owner_id = owner and k.deleted_at is null and k.archived = true
      order by k.active_no desc limit 1
    ), (
      select k.active_no from conversations k where k.owner_id = owner and k.deleted_at is not null
      order by k.active_no desc limit 1
    )
  );
begin
  return case when active_no < greatest(first_no, 1) then nextval('activity') else active_no end;
end
$$;
