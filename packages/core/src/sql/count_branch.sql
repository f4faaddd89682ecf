-- Lets a conversation go on from the message with the number `head` (0: from its beginning), after `more_deleted`
-- messages were deleted, and counts what stands elsewhere. Its row must be locked.
create function count_branch(owner uuid, conversation text, head bigint, more_deleted bigint) returns void
language plpgsql security definer set search_path from current as $$
begin
  -- First, for the length of a branch depends on it; together they would break the rule that keeps totals true.
  update conversations c set
    deleted_count = c.deleted_count + more_deleted, elsewhere_count = 0, head_seq = nullif(head, c.last_seq),
    updated_at = clock_timestamp()
  where c.owner_id = owner and c.id = conversation;
  update conversations c set
    elsewhere_count = c.last_seq - c.cleared_seq - c.deleted_count - branch_length(owner, conversation, head)
  where c.owner_id = owner and c.id = conversation and c.fork_count > 0;
end
$$;
