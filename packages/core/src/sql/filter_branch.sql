-- Returns those of the numbers whose messages are on the branch that ends with `leaf` (null: the head), in order.
create function filter_branch(owner uuid, conversation text, leaf bigint, seqs bigint[]) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  forks integer;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.fork_count into forks from conversations c where c.owner_id = owner and c.id = conversation;
  return to_json(case when forks > 0 then on_branch(owner, conversation, leaf, seqs) else seqs end);
end
$$;
