-- Returns those of the numbers that are on the branch that ends with `leaf` (null: the head). The caller has set the
-- owner.
create function on_branch(owner uuid, conversation text, leaf bigint, seqs bigint[]) returns bigint[]
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  lowest bigint := (select min(s) from unnest(seqs) s);
begin
  select * into c from conversations k where k.owner_id = owner and k.id = conversation;
  return array(
    select s.seq from unnest(seqs) s (seq)
    join branch_of(owner, conversation, coalesce(leaf, c.head_seq, c.last_seq), lowest - 1, c.last_seq + 1, c.last_seq) b
      on s.seq >= b.first_seq and s.seq <= b.last_seq
  );
end
$$;
