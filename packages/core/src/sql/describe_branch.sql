-- Stores the preview of a conversation, and its title if that comes from the first question. Does nothing if the head
-- is no longer `head`.
create function describe_branch(
  owner uuid,
  conversation text,
  head bigint,
  new_preview text,
  question_title text
) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update conversations c set
    preview = new_preview,
    title = case when coalesce(c.title_source, 'question') = 'question' then question_title else c.title end,
    title_source = case
      when coalesce(c.title_source, 'question') <> 'question' then c.title_source
      when question_title is not null then 'question' end
  where c.owner_id = owner and c.id = conversation and coalesce(c.head_seq, c.last_seq) = head;
end
$$;
