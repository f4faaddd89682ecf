-- Returns roles and parts of the messages of a branch that refer to a file: of at most 20, the latest first. The branch ends with the message `leaf`, or with
-- the head.
create function messages_with_file(owner uuid, conversation text, leaf text, file uuid) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  owner_setting text := set_config('chatkeep.owner', owner::text, true);
  c conversations;
  leaf_seq bigint;
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  leaf_seq := coalesce(c.head_seq, c.last_seq);
  if leaf is not null then
    select m.seq into leaf_seq from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.id = leaf and m.seq > c.cleared_seq;
  end if;
  return (
    select coalesce(json_agg(json_build_object('role', m.role, 'parts', m.parts)), '[]')
    from (
      select m.role, m.parts from file_uses u
      cross join lateral (
        select k.seq, k.role, k.parts from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.id = u.message_id and k.seq > c.cleared_seq
        offset 0
      ) m
      where u.file_id = file and u.owner_id = owner and u.conversation_id = conversation
        and exists (
          select from branch_of(owner, conversation, leaf_seq, m.seq - 1, m.seq + 1, 1) b
          where m.seq >= b.first_seq and m.seq <= b.last_seq
        )
      order by m.seq desc limit 20
    ) m
  );
end
$$;
