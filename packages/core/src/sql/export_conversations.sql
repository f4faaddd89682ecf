-- The owner's conversations in the order of their ids, archived and deleted ones too, after `after_id`.
create function export_conversations(owner uuid, after_id text, page_limit integer) returns json
language plpgsql security definer set search_path from current set enable_sort = off as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select coalesce(json_agg(page order by page.id), '[]') from (
      select c.*, (
        select m.id from messages m
        where m.owner_id = owner and m.conversation_id = c.id
          and m.seq = case when c.head_seq is null then c.last_seq else c.head_seq end and m.seq > c.cleared_seq
      ) as head_id
      from conversations c
      where c.owner_id = owner and c.id > after_id
      order by c.id limit page_limit
    ) page
  );
end
$$;
