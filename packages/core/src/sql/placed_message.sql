-- Returns a message with its parent and its place among its versions; null when it does not exist. The caller has set
-- the owner.
create function placed_message(owner uuid, conversation text, seq bigint) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  parent record;
  versions bigint[];
begin
  select * into parent from parent_of(owner, conversation, seq);
  if exists (select from conversations c where c.owner_id = owner and c.id = conversation and c.fork_count > 0) then
    versions := versions_of(owner, conversation, coalesce(parent.parent_seq, 0));
  end if;
  return (
    select to_json(placed) from (
      select
        m.*, parent.parent_id, coalesce(array_position(versions, m.seq), 1) as version_index,
        coalesce(cardinality(versions), 1) as version_count
      from messages m where m.owner_id = owner and m.conversation_id = conversation and m.seq = seq
    ) placed
  );
end
$$;
