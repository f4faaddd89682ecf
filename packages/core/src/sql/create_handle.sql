-- Stores a handle of a conversation as its hash. A repeated call changes nothing.
create function create_handle(owner uuid, conversation text, hash text) returns void
language plpgsql security definer set search_path from current as $$
declare
  wanted bytea := decode(create_handle.hash, 'hex');
begin
  perform set_config('chatkeep.owner', owner::text, true);
  perform 1 from conversations c where c.owner_id = owner and c.id = conversation and c.deleted_at is null for key share;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;
  insert into handles (owner_id, hash, conversation_id) values (owner, wanted, conversation)
  on conflict do nothing;
end
$$;
