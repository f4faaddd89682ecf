-- Returns a conversation with the id of its head. The caller has set the owner.
create function conversation_json(owner uuid, conversation text) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return (
    select to_json(described) from (
      select c.*, (
        select m.id from messages m
        where m.owner_id = owner and m.conversation_id = conversation
          and m.seq = case when c.head_seq is null then c.last_seq else c.head_seq end and m.seq > c.cleared_seq
      ) as head_id
      from conversations c where c.owner_id = owner and c.id = conversation
    ) described
  );
end
$$;
