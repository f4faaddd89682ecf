-- Returns the versions of messages, where branches leave what they follow: `[parents, versions, follows]`, three lists
-- with an entry per branch, by parent and version. Where `follows` is true, the message with the number after the
-- parent's follows it too and is the first version. Null where nothing branches off. `seqs` are the numbers of the
-- messages, the latest first, each before the number of its parent (0: the beginning). The caller has set the owner.
create function forks_of(owner uuid, conversation text, seqs bigint[], has_deleted boolean) returns json
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  forks json;
begin
  -- Where the numbers have no gaps, one range holds all parents.
  if seqs[1] - seqs[cardinality(seqs)] < cardinality(seqs) then
    select json_build_array(array_agg(f.parent_seq), array_agg(f.first_seq), array_agg(f.next_follows)) into forks from (
      select k.parent_seq, k.first_seq, k.next_follows from segments k
      where k.owner_id = owner and k.conversation_id = conversation
        and k.parent_seq >= seqs[cardinality(seqs)] and k.parent_seq < seqs[1]
      order by k.parent_seq, k.first_seq
    ) f
    having count(*) > 0;
    if forks is null or not has_deleted then
      return forks;
    end if;
  end if;
  if has_deleted then
    -- What was deleted between a message and its parent may have left its children to the parent.
    return (
      select json_build_array(
        array_agg(v.parent_seq order by v.parent_seq, v.seq), array_agg(v.seq order by v.parent_seq, v.seq),
        array_agg(false)
      )
      from (
        select m.parent_seq, v.seq from unnest(seqs[:cardinality(seqs) - 1], seqs[2:]) m (seq, parent_seq)
        cross join lateral unnest(versions_of(owner, conversation, m.parent_seq)) v (seq)
        where exists (
          select from segments k
          where k.owner_id = owner and k.conversation_id = conversation
            and k.parent_seq >= m.parent_seq and k.parent_seq < m.seq
        )
      ) v
      having count(*) > 0
    );
  end if;
  return (
    select json_build_array(array_agg(f.parent_seq), array_agg(f.first_seq), array_agg(f.next_follows)) from (
      select k.parent_seq, k.first_seq, k.next_follows from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.parent_seq = any (seqs)
      order by k.parent_seq, k.first_seq
    ) f
    having count(*) > 0
  );
end
$$;
