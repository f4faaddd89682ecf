-- Returns the owner's deleted conversations that can still be restored, by last activity, below the number
-- `before_no`.
create function list_trash(owner uuid, before_no bigint, page_limit integer) returns json
language plpgsql security definer set search_path from current set enable_sort = off as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select coalesce(json_agg(page order by page.active_no desc), '[]') from (
      select c.*, (
        select m.id from messages m
        where m.owner_id = owner and m.conversation_id = c.id
          and m.seq = case when c.head_seq is null then c.last_seq else c.head_seq end and m.seq > c.cleared_seq
      ) as head_id
      from conversations c
      where c.owner_id = owner and c.expires_at is null and c.deleted_at > 'epoch' and c.active_no < before_no
      order by c.active_no desc limit page_limit
    ) page
  );
end
$$;
