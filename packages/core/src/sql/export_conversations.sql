-- Returns the conversations of an owner above a number in order of creation, archived and deleted ones included. Null
-- when the owner does not exist, which means that an erasure has ended.
create function export_conversations(owner uuid, after_no bigint, page_limit integer) returns json
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  if not exists (select from owners o where o.id = owner) then
    return null;
  end if;
  return (
    select coalesce(json_agg(page order by page.created_no), '[]') from (
      select c.*, (
        select m.id from messages m
        where m.owner_id = owner and m.conversation_id = c.id
          and m.seq = case when c.head_seq is null then c.last_seq else c.head_seq end and m.seq > c.cleared_seq
      ) as head_id, (
        select json_agg(q order by not q.steers, q.place) from queued_questions q
        where q.owner_id = owner and q.conversation_id = c.id
      ) as queued
      -- The next of each state, which conversations_created has in order.
      from unnest('{0,1,2}'::integer[]) s (state) cross join lateral (
        select k.* from conversations k
        where k.owner_id = owner and (case when k.deleted_at is not null then 2 when k.archived then 1 else 0 end) = s.state
          and k.created_no > after_no
        order by k.created_no limit page_limit
      ) c
      order by c.created_no limit page_limit
    ) page
  );
end
$$;
