-- Returns whether a page of a branch, and the parent of its first message, are one run of numbers in which each message
-- is the only one that follows the one before it. `upper_seq` is the last of the page, `head` the last of the branch.
-- The caller has set the owner.
create function is_straight(
  owner uuid,
  conversation text,
  cleared bigint,
  head bigint,
  upper_seq bigint,
  page_limit integer
) returns boolean
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
begin
  return upper_seq - page_limit > cleared and upper_seq <= head and not exists (
    select from segments k
    where k.owner_id = owner and k.conversation_id = conversation
      and k.first_seq > upper_seq - page_limit and k.first_seq <= head
  ) and not exists (
    select from segments k
    where k.owner_id = owner and k.conversation_id = conversation
      and k.parent_seq >= upper_seq - page_limit and k.parent_seq <= upper_seq
  );
end
$$;
