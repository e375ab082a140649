//! A replica may not have seen what was acknowledged: what a decision rests on is not read there.

use counterseal_core::{
    Edit, LinkedOp, List, ListEnded, ListOp, Load, LoadLinked, Put, Record, Run, Swap, Unavailable,
    Value,
};
use counterseal_servers::redis::{Redis, Server};
use counterseal_testkit::{Leaf, NOW, Note};

use crate::{follow, make, until};

type Linked = LinkedOp<Leaf, Note>;

#[test]
fn a_replica_answers_no_load_of_linked_rows_no_list_and_no_edit() {
    let (redis, replica) = (make(NOW), Redis::new(Server::start()));
    follow(&replica.server, &redis.server);
    write(&redis);
    until(|| matches!(replica.run(Load::<Leaf>::new([1; 16])), Ok(Some(_))));
    for asked in asked() {
        assert!(redis.run(asked.clone()).is_ok());
        assert_eq!(replica.run(asked), Err(Unavailable));
    }
    for owner in [[0; 16], [7; 16]] {
        let list = || ListOp::<Leaf>::List(List::new(owner, None, 10));
        assert!(redis.run(list()).is_ok());
        assert_eq!(replica.run(list()), Err(Unavailable));
    }
    let ended = || ListEnded::<Note>::new((NOW, [0; 16]), 10);
    assert!(redis.run(ended()).is_ok());
    assert_eq!(replica.run(ended()), Err(Unavailable));
    replica.server.command("REPLICAOF NO ONE");
    for asked in asked() {
        assert!(replica.run(asked).is_ok());
    }
}

/// An old primary that lost its followers may have been replaced, where it is told to have some.
#[test]
fn a_server_that_must_have_followers_and_has_none_answers_none_of_them() {
    let redis = make(NOW);
    write(&redis);
    redis.server.command("CONFIG SET min-replicas-to-write 1");
    for asked in asked() {
        assert_eq!(redis.run(asked), Err(Unavailable));
    }
    redis.server.command("CONFIG SET min-replicas-to-write 0");
    assert!(asked().into_iter().all(|asked| redis.run(asked).is_ok()));
}

/// What is edited has as many bytes as before.
#[test]
fn a_server_without_memory_answers_all_of_them() {
    let redis = make(NOW);
    write(&redis);
    redis.server.command("CONFIG SET maxmemory 1mb");
    assert!(asked().into_iter().all(|asked| redis.run(asked).is_ok()));
}

/// Of a row that is there, and of one that is not: nothing there is no answer either.
fn asked() -> [Linked; 4] {
    let edit = |id| {
        let puts = vec![Put::To("count", Value::Int(1))];
        LinkedOp::Edit(Edit::new("edit", id, Vec::new(), puts))
    };
    let load = |id| LinkedOp::Load(LoadLinked::new(id));
    [load([1; 16]), load([2; 16]), edit([1; 16]), edit([2; 16])]
}

fn write(redis: &Redis) {
    let ends = NOW;
    let record = Leaf {
        ends,
        ..Leaf::blank()
    };
    let (id, expected) = ([1; 16], 0);
    let swap = Swap {
        id,
        expected,
        record,
    };
    redis.run(Linked::Swap(swap)).expect("a row");
}
